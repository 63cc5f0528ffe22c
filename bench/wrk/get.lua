-- GET, with a key and a bearer token where they are given as arguments after `--`.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")

headers = {}

function init(args)
    if args[1] then headers["X-API-Key"] = args[1] end
    if args[2] then headers["Authorization"] = "Bearer " .. args[2] end
end

function request()
    headers["X-Forwarded-For"] = spread()
    return wrk.format("GET", nil, headers)
end
