import "./usePlugin";
import "../integration/rotation.test";
