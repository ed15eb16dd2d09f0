"""What changed from one image to another?"""
