"""The black box: which method is this layer?"""
