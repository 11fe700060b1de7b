import woocommerce.api
import woocommerce.oauth
from record import KEY, NONCE, SECRET, TIMESTAMP, calls
from woocommerce import API

woocommerce.oauth.OAuth.generate_nonce = staticmethod(lambda: NONCE)
woocommerce.oauth.time = woocommerce.api.time = lambda: TIMESTAMP
api = API(url="http://shop.example", consumer_key=KEY, consumer_secret=SECRET, version="wc/v3")

calls(
    products=lambda: api.get("products", params={"search": "Café & more", "per_page": 2}),
    filters=lambda: api.get("products", params={"filter[limit]": 2}),
    create=lambda: api.post("products", {"name": "Café"}),
    delete=lambda: api.delete("products/1", params={"force": "true"}),
)
