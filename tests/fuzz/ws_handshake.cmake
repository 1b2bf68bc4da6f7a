sara_fuzz(ws_handshake ws_handshake.cpp LINK sara_ws_codec)
