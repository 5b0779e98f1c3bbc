-- Exact integers in Lua's doubles: what counts as one, how it is written, products, fees.
-- No KEYS, no ARGV; pure.

local MAX_AMOUNT = 9007199254740991 -- 2^53 - 1: the largest integer a double holds exactly
local PPM = 1000000

local numbers = { MAX_AMOUNT = MAX_AMOUNT }

-- True for 0, 1, … 2^53-1; false for fractions, negatives, infinities, NaN and other types.
function numbers.is_count(value)
    return type(value) == "number" and value >= 0 and value <= MAX_AMOUNT and value % 1 == 0
end

-- True for whole numbers between -(2^53-1) and 2^53-1.
function numbers.is_integer(value)
    return numbers.is_count(value) or (type(value) == "number" and numbers.is_count(-value))
end

-- An integer as text. `tostring` and `..` lose digits from 15 digits up; this does not, because
-- Lua's `%d` passes the number on as 64 bits.
function numbers.text(value)
    return string.format("%d", value)
end

-- The product of counts, or nil where it passes 2^53-1. A product that is too large stays so
-- after rounding, because 2^53 itself is exact.
function numbers.product(first, ...)
    local result = first
    for index = 1, select("#", ...) do
        result = result * select(index, ...)
        if result > MAX_AMOUNT then
            return nil
        end
    end
    return result
end

-- `amount` × `rate_ppm` / 1,000,000 rounded up, without passing 2^53 on the way.
-- math.fmod is exact, which `%` is not for large amounts.
function numbers.fee(amount, rate_ppm)
    if rate_ppm == 0 then
        return 0
    end
    local rest = math.fmod(amount, PPM)
    return (amount - rest) / PPM * rate_ppm + math.ceil(rest * rate_ppm / PPM)
end

return numbers
