"""libvips."""

import pyvips


def work(spec, source):
    """What is measured, as a function."""
    # Servers seldom get the same picture twice, so no row may live from the one before.
    pyvips.cache_set_max(0)
    mark = spec["mark"]
    logo_bytes = None
    if mark["logo"]:
        with open(mark["logo"], "rb") as file:
            logo_bytes = file.read()

    def stamp():
        """The mark alone, on nothing."""
        if logo_bytes:
            return pyvips.Image.new_from_buffer(logo_bytes, "")
        # By librsvg, as for sharp: Pango rounds the letters' places, and would draw another mark.
        if mark["pitch"]:
            (width, height), (x, y) = mark["pitch"], mark["places"][0]
            x, y = x % width, y % height
        else:
            width, height, x, y = mark["width"] + 2, mark["height"] + 2, 1, 1
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
            f'<text x="{x + mark["pen_x"]}" y="{y + mark["pen_y"]}" fill="#fff" fill-opacity="{mark["opacity"]}"'
            f' font-family="DejaVu Sans" font-size="{mark["size_px"]}px">{mark["text"]}</text></svg>'
        )
        return pyvips.Image.svgload_buffer(svg.encode())

    def once():
        image = pyvips.Image.new_from_buffer(source, "", access="sequential")
        layer = stamp()
        left, top = mark["places"][0]
        if mark["pitch"]:
            across, down = mark["pitch"]
            layer = layer.replicate(-(-image.width // across), -(-image.height // down))
            layer = layer.crop(0, 0, image.width, image.height)
            left, top = 0, 0
        elif not logo_bytes:
            left, top = left - 1, top - 1
        image = image.composite2(layer, "over", x=left, y=top)
        if image.bands == 4 and spec["format"] != "png":
            image = image.extract_band(0, n=3)
        if spec["format"] == "png":
            return image.extract_band(0, n=3).pngsave_buffer()
        if spec["format"] == "webp":
            return image.webpsave_buffer(Q=spec["quality"])
        return image.jpegsave_buffer(Q=spec["quality"], subsample_mode="on", interlace=spec["progressive"])

    return once
