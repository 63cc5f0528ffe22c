-- As get.lua, but each connection rests two milliseconds between its requests, so that the load leaves the processor
-- mostly idle and the latency is that of a request, not of a queue.
dofile(os.getenv("BENCH_WRK") .. "/get.lua")

function delay()
    return 2
end
