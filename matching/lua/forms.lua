-- The form of each command: which fields it must have from place 3 on, and what they may hold.
-- Written out rather than driven by a table, because every order passes here.
-- No KEYS, no ARGV; emits nothing.

local numbers = require("numbers")

local is_count, is_integer = numbers.is_count, numbers.is_integer

-- The same as in matching/domain/values.py, but for the first.
local MAX_TEXT = 64
local MAX_REASON = 200
local MAX_ASSETS = 64
local MAX_LIMIT = 1000000

local SIDES = { BUY = true, SELL = true }
local TYPES = { LIMIT = true, MARKET = true }
local TIMES_IN_FORCE = { GTC = true, IOC = true, FOK = true }
local STATUSES = { TRADING = true, PAUSED = true, HALTED = true }
local BOOLEANS = { [true] = true, [false] = true }

-- Printable ASCII only: whatever enters an event must be readable by everyone downstream.
local function is_printable(value, max_length)
    return type(value) == "string" and #value <= max_length and not value:find("[^\32-\126]")
end

local function is_text(value)
    return value == "" or is_printable(value, MAX_TEXT)
end

local function is_reference(value)
    return value ~= "" and is_text(value)
end

local function is_name(value)
    return type(value) == "string" and #value <= MAX_TEXT and value:find("^[A-Z0-9%-]+$") ~= nil
end

local function is_asset(value)
    return type(value) == "string" and #value <= MAX_TEXT and value:find("^[A-Z0-9]+$") ~= nil
end

local function is_user(value)
    return value ~= 0 and is_count(value)
end

local function is_limit(value)
    return is_count(value) and value <= MAX_LIMIT
end

-- An array of that many elements, and nothing else beside them: events repeat what it says.
local function is_array(value, length)
    if type(value) ~= "table" then
        return false
    end
    local count = 0
    for _ in pairs(value) do
        count = count + 1
    end
    return count == length and #value == length
end

-- A list of {asset, count}, no asset twice.
local function is_asset_list(value)
    if type(value) ~= "table" or #value > MAX_ASSETS or not is_array(value, #value) then
        return false
    end
    local seen = {}
    for _, pair in ipairs(value) do
        if not is_array(pair, 2) or not is_asset(pair[1]) or seen[pair[1]]
            or not is_count(pair[2]) then
            return false
        end
        seen[pair[1]] = true
    end
    return true
end

-- For each kind a function that names the first bad field of a command, nil where all are good.
local forms = {}

function forms.place(command)
    if not is_user(command[3]) then
        return "user_id"
    elseif not is_name(command[4]) then
        return "symbol"
    elseif not SIDES[command[5]] then
        return "side"
    elseif not TYPES[command[6]] then
        return "type"
    elseif not TIMES_IN_FORCE[command[7]] then
        return "time_in_force"
    elseif not BOOLEANS[command[8]] then
        return "post_only"
    elseif not is_count(command[9]) then
        return "price_ticks"
    elseif not is_count(command[10]) then
        return "qty_lots"
    elseif not is_text(command[11]) then
        return "client_order_id"
    end
    return nil
end

function forms.cancel(command)
    if not is_user(command[3]) then
        return "user_id"
    elseif not is_count(command[4]) then
        return "order_id"
    end
    return nil
end

forms["cancel-all"] = function(command)
    if not is_user(command[3]) then
        return "user_id"
    elseif command[4] ~= "" and not is_name(command[4]) then
        return "symbol"
    end
    return nil
end

function forms.funds(command)
    if not is_user(command[3]) then
        return "user_id"
    elseif not is_asset(command[4]) then
        return "asset"
    elseif not is_integer(command[5]) then
        return "amount"
    elseif not is_reference(command[6]) then
        return "reference"
    end
    return nil
end

local MARKET_COUNTS = {
    "lot_units", "tick_lot_units", "min_qty_lots", "max_qty_lots", "max_price_ticks",
    "min_notional_units", "price_band_bps", "maker_fee_ppm", "taker_fee_ppm",
}

forms["define-market"] = function(command)
    if not is_name(command[3]) then
        return "symbol"
    elseif not is_asset(command[4]) then
        return "base"
    elseif not is_asset(command[5]) then
        return "quote"
    end
    for index, name in ipairs(MARKET_COUNTS) do
        if not is_count(command[5 + index]) then
            return name
        end
    end
    return nil
end

forms["market-status"] = function(command)
    if not is_name(command[3]) then
        return "symbol"
    elseif not STATUSES[command[4]] then
        return "status"
    elseif not is_printable(command[5], MAX_REASON) then
        return "reason"
    end
    return nil
end

function forms.limits(command)
    if not is_user(command[3]) then
        return "user_id"
    elseif not is_limit(command[4]) then
        return "max_open_orders"
    elseif not is_asset_list(command[5]) then
        return "position_caps"
    elseif not is_limit(command[6]) then
        return "orders_per_second"
    end
    return nil
end

function forms.reset(command)
    if not is_user(command[3]) then
        return "user_id"
    elseif not is_asset_list(command[4]) then
        return "balances"
    elseif not is_reference(command[5]) then
        return "reference"
    end
    return nil
end

return forms
