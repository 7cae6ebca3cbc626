"""Reading paper notes: text in, values out. Nothing here touches a disk but the label data."""
