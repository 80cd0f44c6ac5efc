"""Throwaway public keys, and tokens of which they are the keys: made for the tests alone.

Every token is of https://issuer.test for `me`, of the person `ann` and the client `cli`, with the
scopes `read write`, and lasts until 2100. The private keys were thrown away.
"""

from __future__ import annotations

RSA = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1xgn6fDxF1UqNOvjELNf
JlQq4Xbm5xjsjtyc24FDEOzPYYgUlYctl+DKK8kV+Xu6Eoi6Lltv9yDjiSNVy9Mk
NIV+Q0W7qpPKYOjWJyUGJ5S4/Pek6kPcy5eYIVJQtbYkLlXsD1PVJwRpSoY2j32C
nR/AuD7+pbzE8Y/DZy1abGB7LSIj0k8AWhij7ygRY10bHbn86PF2vzxAO1XBe1re
5xEZkqAf0DJg87IKt3IoH+QAE0qirwERphJ8gn4Tpdl3EVrxdz+LOK4ZilT5LoUv
AnzHczMW5IJfKjQA9wCAKd2MuS2g44qZw6dORP77+2QxID1UXl9n0payo/5sw4UC
LQIDAQAB
-----END PUBLIC KEY-----
"""

RSA_OLD = """-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA1xgn6fDxF1UqNOvjELNfJlQq4Xbm5xjsjtyc24FDEOzPYYgUlYct
l+DKK8kV+Xu6Eoi6Lltv9yDjiSNVy9MkNIV+Q0W7qpPKYOjWJyUGJ5S4/Pek6kPc
y5eYIVJQtbYkLlXsD1PVJwRpSoY2j32CnR/AuD7+pbzE8Y/DZy1abGB7LSIj0k8A
Whij7ygRY10bHbn86PF2vzxAO1XBe1re5xEZkqAf0DJg87IKt3IoH+QAE0qirwER
phJ8gn4Tpdl3EVrxdz+LOK4ZilT5LoUvAnzHczMW5IJfKjQA9wCAKd2MuS2g44qZ
w6dORP77+2QxID1UXl9n0payo/5sw4UCLQIDAQAB
-----END RSA PUBLIC KEY-----
"""

P256 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5Q4fFo53YHrK8tNFwyjBP+MOI60U
ZCKLtiM0uDF7aoHjcE92VUX93szis8LIxT5zn5YAMXlRScBL4zbCJiiDPw==
-----END PUBLIC KEY-----
"""

P384 = """-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEGJB/EGQw6YQqCjsVDsKdvQ/SKmJDnkah
kCpDqxdtnpgURX/UuR0iCz+JnJ4cScfuncDBdWJ877bRJo2IBtkqh/iPdCKHFywT
dsbCTdHF4OFzqliV/QVT0kWWfdT7NC1k
-----END PUBLIC KEY-----
"""

ED25519 = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAChgZLzeswfnzDaqrgjPDnw999F1CczrVtna0XJhJ6j4=
-----END PUBLIC KEY-----
"""

RS256_TOKEN = (
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXV"
    "kIjoibWUiLCJzdWIiOiJhbm4iLCJjbGllbnRfaWQiOiJjbGkiLCJzY29wZSI6InJlYWQgd3JpdGUiLCJ"
    "leHAiOjQxMDI0NDQ4MDAsImlhdCI6MTcwMDAwMDAwMH0.Kx1NgxLwNNrd5SpTKNUXStbmIVvDbUuyk0n"
    "vakIVPNUEG01Bz_XvvdJoq9nrgEYNBmd2Z8-INNP86ExnnQwSauUdhXSYkws-CaOIVYnfOkCs9Nwc0Fp"
    "ALYqPtuYZzIeUlUAamXfprs3b5vTdMNCJq03UtEHSjSU1TvpVxE938_r8FmIGvO1Hcg2_pxEdXidjxZW"
    "IbsKkrZtVJh_v0ULr0lx4hAhu1qjVWQ8QoIJBk82o6DQm9lajIMs7jPv-1etQsxaLs721ucy2VFVpm-y"
    "8OgsgBnVUTuj_ZJJnt3CLSBX1cPR1P9QDmbbd1LZ1JO-06xsm42qe-n6ezzVoOXn9cA"
)

ES256_TOKEN = (
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXV"
    "kIjoibWUiLCJzdWIiOiJhbm4iLCJjbGllbnRfaWQiOiJjbGkiLCJzY29wZSI6InJlYWQgd3JpdGUiLCJ"
    "leHAiOjQxMDI0NDQ4MDAsImlhdCI6MTcwMDAwMDAwMH0.-KP6559L9eS0FkevgNk-PS5FdMvA313wIt-"
    "8yecBLJzLM6N7oQ-kpNJX2B5egY1tlyJhP0byPfBcSH1AnNf6Zg"
)

ES384_TOKEN = (
    "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXV"
    "kIjoibWUiLCJzdWIiOiJhbm4iLCJjbGllbnRfaWQiOiJjbGkiLCJzY29wZSI6InJlYWQgd3JpdGUiLCJ"
    "leHAiOjQxMDI0NDQ4MDAsImlhdCI6MTcwMDAwMDAwMH0.7bj8YoGFVuUve_Fu5fiUCjhCZq3CxtBAU9L"
    "QFtaxv5-0YI2dfbPlugL7O1RK0NRdxLA36evKgaNbp_LTj7s7IctY6eU5c6gGV3TIHumPZboIWjbJFew"
    "x-kB-uaJoV4FD"
)

EDDSA_TOKEN = (
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXV"
    "kIjoibWUiLCJzdWIiOiJhbm4iLCJjbGllbnRfaWQiOiJjbGkiLCJzY29wZSI6InJlYWQgd3JpdGUiLCJ"
    "leHAiOjQxMDI0NDQ4MDAsImlhdCI6MTcwMDAwMDAwMH0.4Rpl3CGSXYmi4XYHR6na_l-pmeB2K2wl8ht"
    "Z5EIygzbPR_moxHh-hnRqTzMgGZVW9TJLdQbM3cEfKRhuog0TAw"
)

KEYS = [
    ("RS256", RSA, RS256_TOKEN),
    ("RS256", RSA_OLD, RS256_TOKEN),
    ("ES256", P256, ES256_TOKEN),
    ("ES384", P384, ES384_TOKEN),
    ("EdDSA", ED25519, EDDSA_TOKEN),
]
"""Algorithm, key and token."""
