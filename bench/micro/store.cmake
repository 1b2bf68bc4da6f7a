find_package(benchmark REQUIRED)
add_executable(store_bench store_bench.cpp)
target_link_libraries(store_bench PRIVATE sara_testkit_host leveldb::leveldb
  benchmark::benchmark_main sara_build)
target_compile_definitions(store_bench PRIVATE
  SARA_STORE_PLUGIN="${CMAKE_BINARY_DIR}/${SARA_PLUGIN_DIR}/store-embedded.so")
add_dependencies(store_bench store-embedded)
