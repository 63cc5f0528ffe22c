-- Every answer's refresh token is presented next. Arguments: key, file with one refresh token a line.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")
local tokens, first, last = {}, 1, 0

local function keep(token)
    last = last + 1
    tokens[last] = token
end

function init(args)
    key = args[1]
    for line in io.lines(args[2]) do keep(line) end
end

function request()
    local token = tokens[first]
    if token then
        tokens[first] = nil
        first = first + 1
    end
    local headers = { ["X-API-Key"] = key, ["Content-Type"] = "application/json", ["X-Forwarded-For"] = spread() }
    return wrk.format("POST", "/v1/auth/refresh", headers, '{"refresh_token":"' .. (token or "none") .. '"}')
end

refused = 0
function response(status, headers, body)
    if status == 200 then
        local at = string.find(body, '"refresh_token":"', 1, true) + 17
        keep(string.sub(body, at, string.find(body, '"', at, true) - 1))
    else
        refused = refused + 1
    end
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
