find_package(benchmark REQUIRED)
add_executable(bench_bus ${CMAKE_CURRENT_LIST_DIR}/bus.cpp)
target_link_libraries(bench_bus PRIVATE sara_bus benchmark::benchmark_main sara_build)
