sara_fuzz(rpc_body rpc_body.cpp LINK rpc_http_room simdjson::simdjson)
