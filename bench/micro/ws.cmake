find_package(benchmark REQUIRED)
add_executable(ws_bench ${CMAKE_CURRENT_LIST_DIR}/ws_bench.cpp)
target_link_libraries(ws_bench PRIVATE sara_ws_codec benchmark::benchmark sara_build)
target_include_directories(ws_bench PRIVATE ${PROJECT_SOURCE_DIR}/tests/plugins/transport-ws)  # client_frames.h
