-- Logs in as one of the users user0@… to user<n-1>@… in turn. Arguments: number of users, the field that takes the
-- address, and headers.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")
dofile(os.getenv("BENCH_WRK") .. "/headers.lua")
dofile(os.getenv("BENCH_WRK") .. "/refused.lua")
local turn, users, field, headers = 0

function init(args)
    users, field = tonumber(args[1]), args[2]
    headers = given(args, 3)
    headers["Content-Type"] = "application/json"
end

function request()
    turn = (turn + 1) % users
    local body = string.format('{"%s":"user%d@example.com","password":"SecureP@ss123"}', field, turn)
    headers["X-Forwarded-For"] = spread()
    return wrk.format("POST", nil, headers, body)
end
