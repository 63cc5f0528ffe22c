-- Logs in as one of the users user0@… to user<n-1>@… in turn. Arguments: key, number of users.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")
dofile(os.getenv("BENCH_WRK") .. "/refused.lua")
local turn = 0

function init(args)
    key, users = args[1], tonumber(args[2])
end

function request()
    turn = (turn + 1) % users
    local body = string.format('{"email":"user%d@example.com","password":"SecureP@ss123"}', turn)
    local headers = { ["X-API-Key"] = key, ["Content-Type"] = "application/json", ["X-Forwarded-For"] = spread() }
    return wrk.format("POST", "/v1/auth/login", headers, body)
end
