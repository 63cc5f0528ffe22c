-- GET with headers. Arguments: `Name: value` each.
dofile(os.getenv("BENCH_WRK") .. "/spread.lua")
dofile(os.getenv("BENCH_WRK") .. "/headers.lua")
local headers

function init(args)
    headers = given(args, 1)
end

function request()
    headers["X-Forwarded-For"] = spread()
    return wrk.format("GET", nil, headers)
end
