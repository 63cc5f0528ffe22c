-- Every answer's refresh token is presented next. Arguments: key, file with one refresh token a line.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")
dofile(os.getenv("BENCH_WRK") .. "/refused.lua")
local tokens, first, last = {}, 1, 0

local function keep(token)
    last = last + 1
    tokens[last] = token
end

function init(args)
    head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nX-API-Key: " .. args[1] ..
        "\r\nContent-Type: application/json\r\nX-Forwarded-For: "
    for line in io.lines(args[2]) do keep(line) end
end

function request()
    local token = tokens[first]
    if token then
        tokens[first] = nil
        first = first + 1
    end
    local body = '{"refresh_token":"' .. (token or "none") .. '"}'
    return head .. spread() .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function response(status, headers, body)
    count(status)
    if status == 200 then
        local at = string.find(body, '"refresh_token":"', 1, true) + 17
        keep(string.sub(body, at, string.find(body, '"', at, true) - 1))
    end
end
