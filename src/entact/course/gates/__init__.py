"""Gates: may this be done now?"""
