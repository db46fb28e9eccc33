"""As much of the application as RB-003 asks for."""
import asyncio
import json
import os
import urllib.request


class SentimentService:
    async def check_hume_quota(self):
        """The calls to Hume that are left today."""
        return (await asyncio.to_thread(self._costs))["hume_quota_left"]

    def _costs(self):
        url = os.environ.get("AUTO_BROKER_URL", "http://127.0.0.1:3211").rstrip("/")
        with urllib.request.urlopen(f"{url}/costs/metrics", timeout=10) as response:
            return json.load(response)
