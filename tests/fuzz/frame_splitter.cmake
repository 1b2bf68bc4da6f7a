sara_fuzz(frame_splitter frame_splitter.cpp LINK sara_tcp_framing)
target_include_directories(frame_splitter PRIVATE ${PROJECT_SOURCE_DIR}/tests/plugins/transport-tcp)
