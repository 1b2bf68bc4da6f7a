find_package(benchmark REQUIRED)
add_executable(stream_bench ${CMAKE_CURRENT_LIST_DIR}/stream_bench.cpp)
target_link_libraries(stream_bench PRIVATE sara_tcp_framing benchmark::benchmark sara_build)
