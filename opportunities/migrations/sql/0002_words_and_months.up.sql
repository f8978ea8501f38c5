-- A description is written by the statement that finds the opportunity, so that a stored one and one worked out for
-- other thresholds read the same. Both functions mean what wealthhub.money.rupees and
-- wealthhub.dates.full_months_between mean; tests hold them together.

-- 1234567.5 as ₹12,34,567.50 and 5500 as ₹5,500: paise only where there are some. Not for amounts below zero.
CREATE FUNCTION opportunities_rupees(amount numeric) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT '₹'
        || CASE WHEN length(whole) > 3
                THEN regexp_replace(left(whole, -3), '(\d)(?=(\d\d)+$)', '\1,', 'g') || ',' || right(whole, 3)
                ELSE whole END
        || CASE WHEN paise = '00' THEN '' ELSE '.' || paise END
    FROM (SELECT split_part(round(amount, 2)::text, '.', 1) AS whole,
                 split_part(round(amount, 2)::text, '.', 2) AS paise) AS parts
$$;

-- Completed calendar months: the largest n with since + n months <= as_of. Month ends count: 31 January to
-- 28 February is 1. Below zero where since lies after as_of.
CREATE FUNCTION opportunities_full_months(since date, as_of date) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT months - (since + make_interval(months => months) > as_of)::integer
    FROM (SELECT ((extract(year FROM as_of) - extract(year FROM since)) * 12
                 + extract(month FROM as_of) - extract(month FROM since))::integer AS months) AS calendar
$$;
