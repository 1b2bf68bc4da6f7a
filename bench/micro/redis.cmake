find_package(benchmark REQUIRED)
add_executable(redis_bench redis_bench.cpp)
target_link_libraries(redis_bench PRIVATE store_redis_kit benchmark::benchmark_main sara_build)
