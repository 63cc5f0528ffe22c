-- Client addresses for the limiter: each request comes from another address behind the trusted proxy.
local counter = 0
local seed = 0

function spread()
    counter = counter + 1
    local n = seed + counter
    return string.format("10.%d.%d.%d", math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256)
end

function setup(thread)
    thread:set("seed", math.random(0, 255) * 65536)
end
