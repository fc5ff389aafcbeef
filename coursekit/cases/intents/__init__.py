"""Intent queries: what does a person want from an assistant?"""
