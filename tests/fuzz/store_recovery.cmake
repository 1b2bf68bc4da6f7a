sara_fuzz(store_recovery ${CMAKE_CURRENT_LIST_DIR}/store_recovery.cpp
  LINK store_embedded_room sara_testkit_host)
target_compile_definitions(store_recovery PRIVATE SARA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_include_directories(store_recovery PRIVATE ${PROJECT_SOURCE_DIR}/tests/plugins/store-embedded)
