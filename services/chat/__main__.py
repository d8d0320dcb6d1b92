"""`python -m services.chat`."""

from services.chat.service import Chat
from services.kit.host import serve

if __name__ == "__main__":
    serve(Chat)
