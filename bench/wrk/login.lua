-- Logs in as one of the users user0@… to user<n-1>@… in turn. Arguments: key, number of users.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")
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

refused = 0
function response(status)
    if status ~= 200 then refused = refused + 1 end
end

threads = {}
function setup(thread)
    table.insert(threads, thread)
end

function done(summary)
    local total = 0
    for _, thread in ipairs(threads) do total = total + thread:get("refused") end
    io.write(string.format("Refused: %d\n", total))
end
