"""Pillow."""

import io

from PIL import Image, ImageDraw, ImageFont


def work(spec, source):
    """What is measured, as a function."""
    mark = spec["mark"]
    logo_bytes = None
    if mark["logo"]:
        with open(mark["logo"], "rb") as file:
            logo_bytes = file.read()
    font = ImageFont.truetype(mark["font"], mark["size_px"]) if mark["text"] else None

    def own_font():
        return font if spec["loaded"] else ImageFont.truetype(mark["font"], mark["size_px"])

    def logo():
        return Image.open(io.BytesIO(logo_bytes)).convert("RGBA")

    def stamp():
        """The mark alone, on nothing."""
        if logo_bytes:
            return logo()
        layer = Image.new("RGBA", (mark["width"] + 2, mark["height"] + 2), (255, 255, 255, 0))
        write(layer, 1, 1, own_font())
        return layer

    def write(layer, left, top, with_font):
        color = (255, 255, 255, round(255 * mark["opacity"]))
        pen = (left + mark["pen_x"], top + mark["pen_y"])
        ImageDraw.Draw(layer).text(pen, mark["text"], fill=color, font=with_font, anchor="ls")

    def composite(image):
        """Alpha blended as Pillow's manual shows it; of a mark in a corner only there."""
        if mark["pitch"]:
            layer = Image.new("RGBA", image.size, (255, 255, 255, 0))
            with_font = own_font()
            for left, top in mark["places"]:
                write(layer, left, top, with_font)
            return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")
        layer = stamp()
        left, top = mark["places"][0]
        edge = 0 if logo_bytes else 1
        box = (left - edge, top - edge, left - edge + layer.width, top - edge + layer.height)
        region = image.crop(box).convert("RGBA")
        image.paste(Image.alpha_composite(region, layer).convert(image.mode), box)
        return image

    def paste(image):
        """One text as a mask, pasted into each place."""
        layer = stamp()
        mask = layer.getchannel("A")
        for left, top in mark["places"]:
            image.paste((255, 255, 255), (left - 1, top - 1), mask)
        return image

    def once():
        image = Image.open(io.BytesIO(source))
        image.load()
        image = paste(image) if spec["peer"] == "Pillow, paste" else composite(image)
        out = io.BytesIO()
        if spec["format"] == "png":
            image.save(out, "PNG")
        elif spec["format"] == "webp":
            image.save(out, "WEBP", quality=spec["quality"])
        else:
            image.save(out, "JPEG", quality=spec["quality"], subsampling=2, progressive=spec["progressive"])
        return out.getvalue()

    return once
