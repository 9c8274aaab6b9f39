class PictureError(ValueError):
    pass
