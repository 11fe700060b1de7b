from record import KEY, SECRET, TOKEN, TOKEN_SECRET, calls
from trello import TrelloClient

client = TrelloClient(KEY, SECRET, TOKEN, TOKEN_SECRET)

calls(
    boards=client.list_boards,
    search=lambda: client.search("Café & more", models=["cards"]),
    board=lambda: client.add_board("Café"),
)
