"""Computes missing carbon figures from a day on. Exit codes: 0 done, 1 the API refused or is not there, 2 wrong usage."""
import argparse
from datetime import date

from twin_api import ask

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--date-from", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
answer = ask("/carbon/recalculate", {"date_from": parser.parse_args().date_from.isoformat()})
print(f"{answer['recalculated']} figures computed")
