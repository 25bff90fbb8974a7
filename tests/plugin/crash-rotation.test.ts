import "./usePlugin";
import "../e2e/crash-rotation.test";
