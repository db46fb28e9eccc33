"""Tells what the wallet holds for gas. Exit codes: 0 enough, 1 too little or the API is not there."""
import sys

from twin_api import ask

answer = ask("/chain/wallet")
print(f"The wallet holds {answer['balance_pol']} POL")
if not answer["enough"]:
    sys.exit("That does not pay for gas")
