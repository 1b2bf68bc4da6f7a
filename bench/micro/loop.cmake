find_package(benchmark REQUIRED)
add_executable(loop_bench loop_bench.cpp)
target_link_libraries(loop_bench PRIVATE sara_loop benchmark::benchmark_main sara_build)
