-- GET as each of many readers in turn, paced as in paced.lua. Argument: a file with an API key and an access token a
-- line.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")
local readers, turn = {}, 0

function init(args)
    for line in io.lines(args[1]) do
        local key, token = string.match(line, "^(%S+) (%S+)$")
        readers[#readers + 1] = { ["X-API-Key"] = key, ["Authorization"] = "Bearer " .. token }
    end
end

function request()
    turn = turn % #readers + 1
    local headers = readers[turn]
    headers["X-Forwarded-For"] = spread()
    return wrk.format("GET", nil, headers)
end

function delay()
    return 2
end
