find_package(benchmark REQUIRED)
add_executable(log_bench ${CMAKE_CURRENT_LIST_DIR}/log_bench.cpp)
target_link_libraries(log_bench PRIVATE sara_boot Poco::Foundation benchmark::benchmark_main sara_build)
