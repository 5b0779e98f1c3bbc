"""Times in UTC, to be compared with what the ledger and the API say: to the microsecond."""

DATETIME_FORMAT = "Y-m-d H:i:s.u"
