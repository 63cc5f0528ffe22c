-- Counts the answers that are not 200 and prints their number. A script with a `response` of its own calls `count`.
refused = 0

function count(status)
    if status ~= 200 then refused = refused + 1 end
end

response = count

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function done()
    local total = 0
    for _, thread in ipairs(threads) do total = total + thread:get("refused") end
    io.write(string.format("Refused: %d\n", total))
end
