"""As much of the library as RB-011 asks for: that it can be imported."""


class SentenceTransformer:
    pass
