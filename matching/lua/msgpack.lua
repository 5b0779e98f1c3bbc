-- MessagePack headers, for arrays whose elements are packed already.
-- No KEYS, no ARGV; pure.

local MAX_SHORT = 15
local MAX_16_BIT = 65535

local msgpack = {}

local short_headers = {} -- count → header, made once

local function short_header(count)
    local header = short_headers[count]
    if not header then
        header = string.char(0x90 + count)
        short_headers[count] = header
    end
    return header
end

-- What stands before `count` packed elements to make them an array.
function msgpack.array_header(count)
    if count <= MAX_SHORT then
        return short_header(count)
    end
    local low, high = count % 256, math.floor(count / 256)
    if count <= MAX_16_BIT then
        return string.char(0xdc, high, low)
    end
    local top, middle = math.floor(high / 65536), math.floor(high / 256) % 256
    return string.char(0xdd, top, middle, high % 256, low)
end

-- An array of the packed elements `first`, …, `last` of `packed`.
function msgpack.array(packed, first, last)
    return msgpack.array_header(last - first + 1) .. table.concat(packed, "", first, last)
end

return msgpack
