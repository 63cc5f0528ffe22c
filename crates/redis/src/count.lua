-- Counts one request in every window or, where one has no room, in none; or forgets one again. The arithmetic is that of
-- `model::budget::Window`, in this server's own time.
-- KEYS: the windows. ARGV: "take" or "back", then for each the number allowed, milliseconds, and those of a slice.
-- Answers the number of the window that refused or 0, then of each that was asked what is left and when there is room.

local OVERTAKEN = 10000

local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local floor, ceil = math.floor(micros / 1000), math.ceil(micros / 1000)

-- A slot is: when its last request came, how many came, when it was opened.
local function read(key)
  local kept = redis.call('GET', key)
  return kept and cmsgpack.unpack(kept) or {}
end

local function not_ahead(moment)
  if moment > floor + OVERTAKEN then return floor + 1 end
  return moment
end

local function give_back(key)
  local slots, last = read(key), nil
  for number, slot in ipairs(slots) do
    if not last or slot[1] > slots[last][1] then last = number end
  end
  if not last then return end
  slots[last][2] = slots[last][2] - 1
  if slots[last][2] == 0 then table.remove(slots, last) end
  if #slots == 0 then
    redis.call('DEL', key)
  else
    redis.call('SET', key, cmsgpack.pack(slots), 'KEEPTTL')
  end
end

if ARGV[1] == 'back' then
  for _, key in ipairs(KEYS) do give_back(key) end
  return {0}
end

local function oldest(slots)
  local moment = ceil
  for _, slot in ipairs(slots) do moment = math.min(moment, slot[1]) end
  return moment
end

local answer, counted = {0}, {}
for number, key in ipairs(KEYS) do
  local limit, window, slice = tonumber(ARGV[3 * number - 1]), tonumber(ARGV[3 * number]), tonumber(ARGV[3 * number + 1])
  local slots, load = {}, 0
  for _, slot in ipairs(read(key)) do
    slot[1], slot[3] = not_ahead(slot[1]), not_ahead(slot[3])
    if floor - slot[1] < window then
      slots[#slots + 1] = slot
      load = load + slot[2]
    end
  end
  if load >= limit then
    answer[1] = number
  else
    local newest = slots[#slots]
    if not newest or slice == 0 or ceil - newest[3] >= slice then
      newest = {ceil, 0, ceil}
      slots[#slots + 1] = newest
    end
    newest[1], newest[2] = math.max(newest[1], ceil), newest[2] + 1
    counted[number] = {cmsgpack.pack(slots), window + 1000}
  end
  answer[#answer + 1] = math.max(limit - load - 1, 0)
  answer[#answer + 1] = window - (ceil - oldest(slots))
  if answer[1] > 0 then return answer end
end
for number, key in ipairs(KEYS) do
  redis.call('SET', key, counted[number][1], 'PX', counted[number][2])
end
return answer
