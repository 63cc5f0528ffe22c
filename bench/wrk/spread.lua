-- Client addresses for the limiter: requests come from so many addresses in turn behind the trusted proxy (`Load` names
-- the number), enough that no budget is used up while a load lasts.
local clients, turn = tonumber(os.getenv("BENCH_CLIENTS")), 0

function spread()
    turn = (turn + 1) % clients
    return string.format("10.0.%d.%d", math.floor(turn / 256), turn % 256)
end
