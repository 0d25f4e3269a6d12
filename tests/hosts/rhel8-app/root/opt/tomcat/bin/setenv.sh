# Sourced by catalina.sh.
CATALINA_OPTS="-Xms8g -Xmx8g -XX:MaxMetaspaceSize=512m -XX:+HeapDumpOnOutOfMemoryError \
  -XX:HeapDumpPath=/app/dumps -Dfile.encoding=UTF-8 -Dshop.crypt.key=Cr7pt-app-0091"
