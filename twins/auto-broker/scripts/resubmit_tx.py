"""Sends pending transactions again with more gas. Exit codes: 0 done, 1 the API refused or is not there, 2 wrong usage."""
import argparse

from twin_api import ask

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--increase-gas", type=int, required=True, metavar="PERCENT")
percent = parser.parse_args().increase_gas
if percent < 1:
    parser.error("--increase-gas must be at least 1")
answer = ask("/chain/resubmit", {"increase_gas": percent})
print(f"{answer['resubmitted']} transactions sent again at {answer['gas_gwei']} gwei")
