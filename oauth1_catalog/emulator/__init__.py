"""A provider on your own machine, made from its file in the catalog; oauthlib judges every signature."""
