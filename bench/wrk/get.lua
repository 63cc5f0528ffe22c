-- GET with the headers given as arguments after `--`: key, then bearer token.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")

function init(args)
    headers = { ["X-API-Key"] = args[1], ["Authorization"] = "Bearer " .. (args[2] or "") }
end

function request()
    headers["X-Forwarded-For"] = spread()
    return wrk.format("GET", nil, headers)
end
