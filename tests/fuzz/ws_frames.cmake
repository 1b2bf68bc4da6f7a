sara_fuzz(ws_frames ws_frames.cpp LINK sara_ws_codec)
target_include_directories(ws_frames PRIVATE ${PROJECT_SOURCE_DIR}/tests/plugins/transport-ws)
