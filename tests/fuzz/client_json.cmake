sara_fuzz(client_json client_json.cpp LINK sara_tcp_framing)
